"""The pictures and clips that quality is measured on."""
