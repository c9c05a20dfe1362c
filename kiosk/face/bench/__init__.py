"""Measuring on pictures and clips: `kiosk bench face` and `kiosk bench liveness`."""
