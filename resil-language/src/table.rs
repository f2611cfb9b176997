//! Options as data. Each attribute has one static table. Unknown names, the nearest ones,
//! duplicates and the list of what is allowed are reported from it, so that all attributes report
//! them alike.

/// The words for a jitter.
pub const JITTER: [&str; 4] = ["full", "equal", "decorrelated", "none"];

/// The options of an attribute, or of an option that has options of its own (`budget(..)`).
#[derive(Debug)]
pub struct Spec {
    /// The name in messages: `#[retry]` in back-quotes.
    pub owner: &'static str,
    pub options: &'static [Opt],
    /// Other libraries' names for an option, or for something that the attribute does.
    pub aliases: &'static [Alias],
    /// The option that a value without a name most likely belongs to, by its syntax, in order.
    pub nameless: &'static [(Guess, &'static str)],
}

impl Spec {
    /// Finds the attribute that has an option of that name, or knows it as another library's.
    pub fn with(all: &[&'static Self], name: &str) -> Option<&'static Self> {
        let (mut first, mut second) = (all.iter().copied(), all.iter().copied());
        first
            .find(|spec| spec.option(name).is_some())
            .or_else(|| second.find(|spec| spec.knows(name)))
    }

    pub fn option(&self, name: &str) -> Option<&'static Opt> {
        self.options.iter().find(|option| option.name == name)
    }

    /// Whether the attribute has an option of that name, or another library has it.
    pub fn knows(&self, name: &str) -> bool {
        let mut aliases = self.aliases.iter();
        self.option(name).is_some() || aliases.any(|alias| alias.names.contains(&name))
    }
}

/// One option of an attribute.
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    pub name: &'static str,
    pub kind: Kind,
    /// The value to show in a message, unless the user's own value gives a better one.
    pub example: &'static str,
    /// Whether the option sets a limit. Without it there is none, so a value for “no limit” is not
    /// needed.
    pub limits: bool,
    /// The text to write in place of a duration of zero, beside a longer one.
    pub instead_of_zero: Option<&'static str>,
    /// Whether the value takes the place of a strategy.
    pub replaces_strategy: bool,
}

impl Opt {
    pub const fn new(name: &'static str, kind: Kind, example: &'static str) -> Self {
        Self {
            name,
            kind,
            example,
            limits: false,
            instead_of_zero: None,
            replaces_strategy: false,
        }
    }

    /// Notes that the option sets a limit, and that without it there is none.
    pub const fn limiting(self) -> Self {
        Self {
            limits: true,
            ..self
        }
    }

    /// Proposes `instead` for a duration of zero.
    pub const fn instead_of_zero(self, instead: &'static str) -> Self {
        Self {
            instead_of_zero: Some(instead),
            ..self
        }
    }

    /// Notes that the option's value takes the place of a strategy.
    pub const fn in_place_of_strategy(self) -> Self {
        Self {
            replaces_strategy: true,
            ..self
        }
    }

    /// Formats the option with a value, as the user would write it.
    pub fn write(&self, value: &str) -> String {
        match self.kind {
            Kind::Strategy | Kind::Flag => self.name.to_owned(),
            Kind::Pattern(_) | Kind::Idents => format!("{}({value})", self.name),
            Kind::Budget | Kind::Adaptive if value.starts_with('(') => {
                format!("{}{value}", self.name)
            }
            _ => format!("{} = {value}", self.name),
        }
    }

    /// Formats the option with its example.
    pub fn sample(&self) -> String {
        self.write(self.example)
    }

    /// Returns the bare words that its value may be.
    pub fn words(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Max => &["unlimited"],
            Kind::Jitter => &JITTER,
            Kind::Budget | Kind::RatioOrOff => &["off"],
            Kind::Errors => &["forget", "store"],
            Kind::Words(words) => words,
            _ => &[],
        }
    }
}

/// The part of a `Result` that a pattern is matched against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternSubject {
    /// `Ok` or `Err`.
    pub variant: &'static str,
    /// The option that says the opposite of this one.
    pub opposite: Option<&'static str>,
    /// What happens without the option: "retry every error".
    pub by_default: Option<&'static str>,
}

impl PatternSubject {
    pub const OK: Self = Self {
        variant: "Ok",
        opposite: None,
        by_default: None,
    };
    pub const ERROR: Self = Self {
        variant: "Err",
        opposite: None,
        by_default: None,
    };

    /// Returns the error as the subject of an option to which `opposite` says the opposite.
    pub const fn error_opposite_to(opposite: &'static str) -> Self {
        Self {
            opposite: Some(opposite),
            ..Self::ERROR
        }
    }

    /// Adds what happens without the option: `by_default`.
    pub const fn or_by_default(self, by_default: &'static str) -> Self {
        Self {
            by_default: Some(by_default),
            ..self
        }
    }
}

/// The kind of value that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A flag that stands alone: one of several.
    Strategy,
    /// A flag that stands alone.
    Flag,
    Duration,
    Durations,
    Count,
    /// COUNT or `unlimited`.
    Max,
    Ratio,
    Number,
    Name,
    Pattern(PatternSubject),
    Expr,
    Idents,
    /// A new name that the body may use.
    Binding,
    Words(&'static [&'static str]),
    Jitter,
    Budget,
    /// DURATION or a percentile.
    Delay,
    /// RATIO or `off`.
    RatioOrOff,
    /// A flag, or bounds in parentheses.
    Adaptive,
    /// COUNT or DURATION.
    Window,
    /// NAME or EXPR.
    Store,
    /// `forget`, `store` or `store(PATTERN)`.
    Errors,
}

impl Kind {
    /// Completes the sentence "`base` takes ..".
    pub fn takes(self) -> String {
        match self {
            Self::Strategy | Self::Flag => "no value".to_owned(),
            Self::Duration => "a duration".to_owned(),
            Self::Durations => "a list of durations".to_owned(),
            Self::Count => "a count".to_owned(),
            Self::Max => "a count or `unlimited`".to_owned(),
            Self::Ratio => "a ratio".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Name => "a name, written as a string literal".to_owned(),
            Self::Pattern(_) => "a pattern".to_owned(),
            Self::Expr => "an expression".to_owned(),
            Self::Idents => "names of arguments".to_owned(),
            Self::Binding => "a new name for the body".to_owned(),
            Self::Words(words) => one_of(words),
            Self::Jitter => "`full`, `equal`, `decorrelated`, `none` or a ratio".to_owned(),
            Self::Budget => "`off`, a name or `(capacity = .., cost = ..)`".to_owned(),
            Self::Delay => "a duration or a percentile".to_owned(),
            Self::RatioOrOff => "a ratio or `off`".to_owned(),
            Self::Adaptive => "no value or `(min = .., start = .., max = ..)`".to_owned(),
            Self::Window => "a count of calls or a duration".to_owned(),
            Self::Store => "a name, written as a string literal, or an expression".to_owned(),
            Self::Errors => "`forget`, `store` or `store(PATTERN)`".to_owned(),
        }
    }
}

/// Formats `a`, `b` or `c`, each in back-quotes.
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Names that other libraries use, and what they stand for here.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    pub names: &'static [&'static str],
    pub target: AliasTarget,
}

#[derive(Debug, Clone, Copy)]
pub enum AliasTarget {
    /// The option of that name, with a note on what differs (or nothing).
    Option(&'static str, &'static str),
    /// One of two options, with a note: the first for a count, the second for a ratio.
    CountOrRatio(&'static str, &'static str, &'static str),
    /// An option that counts attempts, where the other library counts retries: one less.
    OneMore(&'static str),
    /// No option; the text says what to write instead.
    Advice(&'static str),
}

/// The guess what a value without a name is, by its syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    Number,
    Duration,
    Percent,
    Text,
    Expr,
}
