"""REST for other programs, beside the dashboard: sessions, frames, numbers, notes and videos."""
