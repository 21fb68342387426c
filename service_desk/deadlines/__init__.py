"""What a deadline means and how it is kept: working time, policies, clocks as rows, and the engine that fires them."""
