"""What customers went through: outcome, features, retention."""
