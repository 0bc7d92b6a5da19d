"""What several pages need: state, caches, inputs, the frame around them."""
