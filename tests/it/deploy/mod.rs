//! What is in `deploy/`, with the real programs that it is for.

mod nginx;
