//! Checks the repository as a whole: the shape of its crates, the links and the table of tests in its
//! documents, what its first command compiles, and projects that depend on it. Also says which tests a run left out.

mod coverage;
mod first_command;
mod fresh_project;
mod graph;
mod left_out;
mod links;
mod shape;
