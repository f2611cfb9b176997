//! The messages about options and values: what is wrong, and the text to write instead. All
//! attributes share them, so that a user learns to read them once.

use std::fmt::Display;

use crate::table::{Kind, Opt, Spec, one_of};

/// A message with the line that says what to write instead.
pub fn help(message: impl Display, help: impl Display) -> String {
    format!("{message}\nhelp: {help}")
}

/// Formats "write `a` or `b`".
pub fn write(texts: &[String]) -> String {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    format!("write {}", one_of(&texts))
}

/// A value of the wrong kind: "`base` takes a duration, but `5` has no unit".
pub fn wrong_kind(name: &str, takes: &str, what: &str, texts: &[String]) -> String {
    help(format!("`{name}` takes {takes}, but {what}"), write(texts))
}

/// A type in place of a pattern: `on(PayError)`.
pub fn is_a_type(name: &str, takes: &str, ty: &str, instead: &str) -> String {
    help(
        format!("`{name}` takes {takes}, but `{ty}` is a type"),
        instead,
    )
}

/// A value of the right kind that can't be: "`max` must be at least 1, but is `0`".
pub fn out_of_range(name: &str, must: &str, is: impl Display, texts: &[String]) -> String {
    help(must_be(name, must, is), write(texts))
}

pub fn must_be(name: &str, must: &str, is: impl Display) -> String {
    format!("`{name}` must be {must}, but is `{is}`")
}

/// An `Ok` or `Err` around a pattern: `on(Err(X))`.
pub fn already_asked(name: &str, variant: &str, texts: &[String]) -> String {
    help(
        format!(
            "`{name}` is asked of what is in the `{variant}`, so no `{variant}(..)` stands there"
        ),
        write(texts),
    )
}

/// A NAME that is too long for stores and metrics.
pub fn too_long(name: &str, most: usize, is: usize, texts: &[String]) -> String {
    help(
        format!("`{name}` must be at most {most} characters long, but has {is}"),
        write(texts),
    )
}

pub fn names_argument(name: &str, argument: impl Display, sample: &str) -> String {
    help(
        format!(
            "`{name}` is fixed when the function is compiled, but `{argument}` is an argument of each call"
        ),
        format!("write a literal or a const, such as `{sample}`"),
    )
}

pub fn unit_in_expression(name: &str, literal: &str, texts: &[String]) -> String {
    help(
        format!(
            "`{literal}` inside an expression: to Rust it is no number, `{name}` reads a unit only where the literal stands alone"
        ),
        write(texts),
    )
}

pub fn needs_value(option: &Opt) -> String {
    help(
        format!(
            "`{}` takes {}, but none is given",
            option.name,
            option.kind.takes()
        ),
        write(&[option.sample()]),
    )
}

pub fn takes_no_value(option: &Opt, beside: &[String]) -> String {
    let name = option.name;
    help(
        format!("`{name}` is a word that stands alone and takes no value"),
        if beside.is_empty() {
            format!("write `{name}`, with the options beside it")
        } else {
            write(&[with_beside(option, beside)])
        },
    )
}

/// Formats a strategy with the options beside it: `exponential, base = 5ms, max = 3`.
pub fn with_beside(strategy: &Opt, beside: &[String]) -> String {
    let mut text = strategy.name.to_owned();
    for option in beside {
        text.push_str(", ");
        text.push_str(option);
    }
    text
}

/// An option that is written twice: `on(A), on(B)`. Shows both values in one, if that is possible.
pub fn twice_or_joined(option: &Opt, joined: Option<String>) -> String {
    match joined {
        Some(joined) => help(
            given_twice(option.name),
            format!("write `{joined}` in place of both"),
        ),
        None => twice(option.name),
    }
}

pub fn twice(option: &str) -> String {
    help(given_twice(option), "remove one of them")
}

fn given_twice(option: &str) -> String {
    format!("`{option}` is given twice")
}

pub fn unknown(spec: &Spec, name: &str) -> String {
    help(no_option(spec, name), allowed(spec))
}

pub fn did_you_mean(spec: &Spec, name: &str, option: &Opt, texts: &[String]) -> String {
    let near = option.name;
    let instead = format!("did you mean `{near}`? {}", write(texts));
    help(no_option(spec, name), instead)
}

pub fn no_option(spec: &Spec, name: &str) -> String {
    format!("{} has no option `{name}`", spec.owner)
}

/// Lists the options of the attribute.
fn allowed(spec: &Spec) -> String {
    let names: Vec<&str> = spec.options.iter().map(|o| o.name).collect();
    format!("it has {}", one_of(&names))
}

pub fn called_here(spec: &Spec, name: &str, texts: &[String], note: &str) -> String {
    help(no_option(spec, name), format!("{}{note}", write(texts)))
}

/// The limit that stands in the advice about a name which other libraries have for one.
const SOME_LIMIT: &str = "#[timeout(1s)]";

/// Says what to write in place of an option; a limit with the user's own `value`, if that may be one.
pub fn say_instead(spec: &Spec, name: &str, say: &str, value: Option<&str>) -> String {
    let value = value.map(|value| format!("#[timeout({value})]"));
    let say = match &value {
        Some(limit) => say.replace(SOME_LIMIT, limit),
        None => say.to_owned(),
    };
    help(no_option(spec, name), say)
}

pub fn elsewhere(spec: &Spec, name: &str, other: &Spec) -> String {
    help(
        no_option(spec, name),
        format!("it belongs to {}: move it there", other.owner),
    )
}

pub fn strategy_as_value(option: &Opt, value: &str) -> String {
    let name = option.name;
    if option.kind == Kind::Expr {
        format!("`{name}` takes a strategy of your own, but `{value}` is one that resil has")
    } else {
        format!(
            "`{name}` takes {}, but `{value}` is a strategy",
            option.kind.takes()
        )
    }
}

/// Shows the strategy as a bare word.
pub fn strategy_alone(what: &str, strategy: &Opt, beside: &[String]) -> String {
    let text = with_beside(strategy, beside);
    help(
        what,
        if beside.is_empty() {
            format!("write `{text}`, by itself")
        } else {
            write(&[text])
        },
    )
}

pub fn word_of(spec: &Spec, word: &str, option: &Opt) -> String {
    help(
        format!(
            "{} has no option `{word}`: it is a value of `{}`",
            spec.owner, option.name
        ),
        write(&[option.write(word)]),
    )
}

pub fn nameless(spec: &Spec, value: &str, texts: Option<&[String]>) -> String {
    help(
        no_name(spec, value),
        texts.map_or_else(|| allowed(spec), write),
    )
}

pub fn no_name(spec: &Spec, value: &str) -> String {
    let owner = spec.owner;
    format!("{owner} takes options with a name, but `{value}` has none")
}

/// An option in another form than `name = value`: `max: 5`, `max == 5`, `max 5`.
pub fn malformed(text: &str, texts: &[String]) -> String {
    help(
        format!("`{text}` is not of the form `name = value`"),
        write(texts),
    )
}

/// A missing comma between options. `form` is the text behind the name: ` = ..`, `(..)` or nothing.
pub fn comma_missing(before: &str, form: &str) -> String {
    help(
        format!("a comma is missing before `{before}`"),
        format!("write `, {before}{form}`"),
    )
}

/// A missing comma in a list. The corrected list is shown.
pub fn comma_missing_in(before: &str, texts: &[String]) -> String {
    help(
        format!("a comma is missing before `{before}`"),
        write(texts),
    )
}

pub fn semicolon(what: &str, needed: bool) -> String {
    let instead = if needed { "write `,`" } else { "remove it" };
    help(format!("`;` does not part {what}"), instead)
}

/// Options in brackets of their own: `retry((max = 5))`.
pub fn in_brackets(whole: &str, content: &str) -> String {
    help(
        format!("`{whole}` has brackets of its own around the options"),
        format!("write `{content}`, without the inner brackets"),
    )
}

pub fn comma_too_many() -> String {
    help("nothing stands before this comma", "remove it")
}

pub fn excludes(one: &str, other: &str, why: &str) -> String {
    help(
        format!("`{one}` can't stand beside `{other}`: {why}"),
        "remove one of them",
    )
}

pub fn no_effect(one: &str, why: &str, instead: &str) -> String {
    help(format!("`{one}` has no effect: {why}"), instead)
}
