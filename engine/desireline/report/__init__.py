"""The page that a person can read: one self-contained HTML file made of the documents that commands wrote."""
