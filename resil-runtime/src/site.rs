//! Where an attribute stands: what errors, events and state without a name are called by.

/// The annotated function that a stack of policies belongs to.
///
/// One static a function, made by generated code; in a generic function all instances share it.
#[derive(Debug)]
pub struct Site {
    function: &'static str,
    line: u32,
}

impl Site {
    /// A site, shown as `function` (module path and name); `line` tells two of one name apart.
    pub const fn new(function: &'static str, line: u32) -> Self {
        Self { function, line }
    }

    /// Module path and name of the function.
    pub const fn function(&self) -> &'static str {
        self.function
    }

    /// The line of the function's name in its file.
    pub const fn line(&self) -> u32 {
        self.line
    }
}
