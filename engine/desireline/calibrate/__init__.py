"""From a log to a model: one fitter per model part."""
