"""Where the actual journey leaves the blueprint: alignment, deviations, promises."""
