"""Where records live.  `interface.py` says what a back end promises."""
