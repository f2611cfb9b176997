//! resil
