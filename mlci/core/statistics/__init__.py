"""Estimates with intervals: one module a method, values in and values out, no resampling and no seed."""
