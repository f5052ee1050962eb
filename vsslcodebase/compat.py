"""The known defects of upstream releases, mended where they are present."""
