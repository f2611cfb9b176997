//! What to write instead, in the spelling of a file: messages have that of the attributes.

/// Returns `message` with the options in its last line as a TOML file has them.
pub(super) fn in_a_file(message: &str) -> String {
    if let Some((word, first)) = alone(message) {
        return format!("{first}\nhelp: write `{word} = true`");
    }
    in_help(message, &in_backquotes)
}

/// Returns `message` with the option in its last line as the value of that variable.
pub(super) fn in_a_variable(message: &str, option: &str, variable: &str) -> String {
    if let Some((_, first)) = alone(message) {
        return format!("{first}\nhelp: write `{variable}=true`");
    }
    let spell = |part: &str| {
        let value = part.strip_prefix(option)?;
        let value = value
            .strip_prefix(" = ")
            .or(value.starts_with('(').then_some(value))?;
        Some(format!("{variable}={}", value.replace('"', "")))
    };
    in_help(message, &|help| {
        let parts = help
            .split('`')
            .map(|part| spell(part).unwrap_or_else(|| part.to_owned()));
        let parts: Vec<String> = parts.collect();
        parts.join("`")
    })
}

/// Returns the word that stands alone in an attribute, and the line that says so, if the message is about one.
fn alone(message: &str) -> Option<(&str, &str)> {
    let (word, _) = message.split_once("` is a word that stands alone and takes no value")?;
    let (first, _) = message.split_once('\n').unwrap_or((message, ""));
    Some((word.trim_start_matches('`'), first))
}

/// Returns `message` with what it says to write as `spell` spells it.
fn in_help(message: &str, spell: &dyn Fn(&str) -> String) -> String {
    let lines: Vec<String> = message
        .lines()
        .map(|line| match line.strip_prefix("help: ") {
            Some(instead) => format!("help: {}", spell(instead)),
            None => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// Spells what stands in back-quotes.
fn in_backquotes(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts: Vec<String> = parts
        .map(|(n, part)| {
            if n % 2 == 1 && part.contains('=') && !part.contains('"') && !part.starts_with('[') {
                options(part)
            } else {
                part.to_owned()
            }
        })
        .collect();
    parts.join("`")
}

/// Spells `max = 100, per = 1s`.
fn options(text: &str) -> String {
    if let Some((name, inside)) = text.split_once('(')
        && let Some(inside) = inside.strip_suffix(')')
    {
        let name = name.trim_end_matches(['=', ' ']);
        return format!("{name} = {{ {} }}", options(inside));
    }
    let each: Vec<String> = text.split(", ").map(option).collect();
    each.join(", ")
}

fn option(text: &str) -> String {
    match text.split_once(" = ") {
        Some((name, value)) => format!("{name} = {}", spelled(value)),
        None => text.to_owned(),
    }
}

fn spelled(value: &str) -> String {
    let is_bare = value == "true" || value == "false" || value.parse::<f64>().is_ok();
    if is_bare || value.contains(['[', '{', '"']) {
        value.to_owned()
    } else {
        format!("\"{value}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_write_is_spelled_as_a_file_has_it() {
        for (attribute, file) in [
            (
                "`base` is 0\nhelp: write `base = 1ms`",
                "`base` is 0\nhelp: write `base = \"1ms\"`",
            ),
            (
                "x\nhelp: write `max = 100, per = 1s`",
                "x\nhelp: write `max = 100, per = \"1s\"`",
            ),
            ("x\nhelp: write `max = 3`", "x\nhelp: write `max = 3`"),
            (
                "x\nhelp: write `budget(capacity = 500)` or `budget = off` beside it",
                "x\nhelp: write `budget = { capacity = 500 }` or `budget = \"off\"` beside it",
            ),
            (
                "x\nhelp: write less than `5s`",
                "x\nhelp: write less than `5s`",
            ),
        ] {
            assert_eq!(in_a_file(attribute), file);
        }
    }

    #[test]
    fn what_to_write_is_spelled_as_a_variable_has_it() {
        for (message, option, told) in [
            (
                "x\nhelp: write `open_for = 30s`",
                "open_for",
                "x\nhelp: write `V=30s`",
            ),
            (
                "x\nhelp: write `timeout = \"5s\"` or `timeout = \"5ms\"`",
                "timeout",
                "x\nhelp: write `V=5s` or `V=5ms`",
            ),
            (
                "x\nhelp: write a limit for each: `timeout = [\"10s\", \"2s\"]`",
                "timeout",
                "x\nhelp: write a limit for each: `V=[10s, 2s]`",
            ),
            (
                "x\nhelp: write `budget(capacity = 500, cost = 5)`",
                "budget",
                "x\nhelp: write `V=(capacity = 500, cost = 5)`",
            ),
            (
                "`linear` is a word that stands alone and takes no value\nhelp: write `linear`, with the options beside it",
                "linear",
                "`linear` is a word that stands alone and takes no value\nhelp: write `V=true`",
            ),
            (
                "x\nhelp: write `max = 3`",
                "base",
                "x\nhelp: write `max = 3`",
            ),
        ] {
            assert_eq!(in_a_variable(message, option, "V"), told);
        }
    }
}
