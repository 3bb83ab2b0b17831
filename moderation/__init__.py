"""Reports and what moderators decide about them."""
