"""The rules of customer adoption: standard library only, no clock, no input or output."""
