//! Compiles and runs the snippets of `docs/book`, a module a page. `pages.rs` holds this list to the
//! pages, and `snippets.rs` runs those snippets that are tests themselves.

/// Takes the pages, by their file names without `.md`.
macro_rules! pages {
    ($($module:ident = $page:literal,)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../docs/book/src/", $page, ".md"))]
            mod $module {}
        )*

        /// The pages whose snippets are compiled.
        pub const PAGES: &[&str] = &[$($page),*];
    };
}

pages! {
    introduction = "introduction",
    first_five_minutes = "first-five-minutes",
    the_stack = "the-stack",
    which_policy_when = "which-policy-when",
    retry = "retry",
    timeout = "timeout",
    circuit = "circuit",
    idempotent = "idempotent",
    bulkhead = "bulkhead",
    rate_limit = "rate-limit",
    hedge = "hedge",
    fallback = "fallback",
    shared_stacks = "shared-stacks",
    values = "values",
    errors = "errors",
    deadlines = "deadlines",
    stores = "stores",
    shared_limits = "shared-limits",
    watching = "watching",
    panel = "panel",
    shutdown = "shutdown",
    control = "control",
    storm = "storm",
    testing = "testing",
    http = "http",
    cookbook = "cookbook",
    from_backon = "from-backon",
    from_tower = "from-tower",
    from_failsafe = "from-failsafe",
}
