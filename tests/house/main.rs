//! What holds of the repository as a whole: the table of tests, what a run leaves out, and a crate that
//! uses this one.

mod coverage;
mod fresh_project;
mod left_out;
