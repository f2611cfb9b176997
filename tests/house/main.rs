//! What holds of the repository as a whole: its shape, the table of tests, what a run leaves out, and a
//! crate that uses this one.

mod coverage;
mod fresh_project;
mod graph;
mod left_out;
mod links;
mod shape;
