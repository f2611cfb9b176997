//! Options as data. One static table per policy gives the unknown name, the nearest one,
//! duplicates and the list of what is allowed, in one wording.

/// A policy's attribute as its parser and its messages see it.
pub(crate) struct Spec {
    pub(crate) policy: &'static str,
    pub(crate) options: &'static [Opt],
    /// Names that other libraries use for what this policy has or does.
    pub(crate) elsewhere: &'static [Elsewhere],
    /// Which option a value without a name most likely belongs to.
    pub(crate) nameless: &'static [(Guess, &'static str)],
}

impl Spec {
    /// The attribute that has an option of that name, here or by the name of others.
    pub(crate) fn with(all: &[&'static Self], name: &str) -> Option<&'static Self> {
        let here = |spec: &&Self| spec.options.iter().any(|option| option.name == name);
        let elsewhere = |spec: &&Self| spec.elsewhere.iter().any(|e| e.names.contains(&name));
        let (mut first, mut second) = (all.iter().copied(), all.iter().copied());
        first.find(here).or_else(|| second.find(elsewhere))
    }

    pub(crate) fn option(&self, name: &str) -> Option<&'static Opt> {
        self.options.iter().find(|option| option.name == name)
    }

    /// Whether there is an option of that name, or one that others call so.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let mut elsewhere = self.elsewhere.iter();
        self.option(name).is_some() || elsewhere.any(|other| other.names.contains(&name))
    }
}

/// One option of an attribute.
#[derive(Clone, Copy)]
pub(crate) struct Opt {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// A value to show where the user's own gives no better one.
    pub(crate) example: &'static str,
}

impl Opt {
    pub(crate) const fn new(name: &'static str, kind: Kind, example: &'static str) -> Self {
        Self {
            name,
            kind,
            example,
        }
    }

    /// The option with a value, as the user would write it.
    pub(crate) fn write(&self, value: &str) -> String {
        match self.kind {
            Kind::Strategy => self.name.to_owned(),
            Kind::Pattern(_) | Kind::Idents => format!("{}({value})", self.name),
            Kind::Budget if value.starts_with('(') => format!("{}{value}", self.name),
            _ => format!("{} = {value}", self.name),
        }
    }

    /// The option as an example shows it.
    pub(crate) fn sample(&self) -> String {
        self.write(self.example)
    }

    /// The bare words that its value may be.
    pub(crate) fn words(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Max => &["unlimited"],
            Kind::Jitter => &["full", "equal", "decorrelated", "none"],
            Kind::Budget => &["off"],
            Kind::Errors => &["forget", "store"],
            Kind::Words(words) => words,
            _ => &[],
        }
    }
}

/// What a pattern is matched against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The variant of `Result` whose content that is.
    pub(crate) variant: &'static str,
    /// The option that says of it the contrary.
    pub(crate) contrary: Option<&'static str>,
}

impl Asked {
    pub(crate) const OF_OK: Self = Self {
        variant: "Ok",
        contrary: None,
    };
    pub(crate) const OF_ERROR: Self = Self {
        variant: "Err",
        contrary: None,
    };

    pub(crate) const fn or(contrary: &'static str) -> Self {
        Self {
            contrary: Some(contrary),
            ..Self::OF_ERROR
        }
    }
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A flag that stands alone.
    Strategy,
    Duration,
    Durations,
    Count,
    /// COUNT or `unlimited`.
    Max,
    Ratio,
    Number,
    Name,
    Pattern(Asked),
    Expr,
    Idents,
    /// A name that is made for the body.
    Binding,
    Words(&'static [&'static str]),
    Jitter,
    Budget,
    /// COUNT or DURATION.
    Window,
    /// NAME or EXPR.
    Store,
    /// `forget`, `store` or `store(PATTERN)`.
    Errors,
}

impl Kind {
    /// "`base` takes ..".
    pub(crate) fn takes(self) -> String {
        match self {
            Self::Strategy => "no value".to_owned(),
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
            Self::Window => "a count of calls or a duration".to_owned(),
            Self::Store => "a name, written as a string literal, or an expression".to_owned(),
            Self::Errors => "`forget`, `store` or `store(PATTERN)`".to_owned(),
        }
    }
}

/// `a`, `b` or `c`, each in back-quotes.
pub(crate) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// What other libraries call something, and what it is here.
pub(crate) struct Elsewhere {
    pub(crate) names: &'static [&'static str],
    pub(crate) here: Here,
}

#[derive(Clone, Copy)]
pub(crate) enum Here {
    /// Another name for the same thing, with a word on what differs (or nothing).
    Named(&'static str, &'static str),
    /// A count or a share of the calls: which, the value tells.
    CountOrRatio(&'static str, &'static str, &'static str),
    /// Counts retries where ours counts runs: one more.
    OneMore(&'static str),
    /// No option at all; what to write instead.
    Say(&'static str),
}

/// The looks of a value that came without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    Number,
    Duration,
    Percent,
    Text,
    Expr,
}
