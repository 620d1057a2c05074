"""The dashboard's pages: each one picks, loads, builds and shows."""
