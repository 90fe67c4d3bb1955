//! What goes on while something that Ostia stands on is away, and what is found when it is back.

mod control;
mod database;
mod edges;
mod forward;
mod load;
mod messages;
mod tasks;
mod watch;
