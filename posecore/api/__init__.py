"""What other programs speak to: REST and WebSockets, and the guard before all that is served."""
