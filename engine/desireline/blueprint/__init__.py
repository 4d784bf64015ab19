"""The blueprint: stages, touchpoints, promises, flow."""
