//! Nothing by itself: the tests of the root that this package builds in edition 2021.
