//! What to write instead, in the spelling of a file: messages have that of the attributes.

/// Returns `message` with the options in its last line as a TOML file has them.
pub(super) fn in_a_file(message: &str) -> String {
    if let Some((word, _)) = message.split_once("` is a word that stands alone and takes no value")
    {
        let word = word.trim_start_matches('`');
        let (first, _) = message.split_once('\n').unwrap_or((message, ""));
        return format!("{first}\nhelp: write `{word} = true`");
    }
    let lines: Vec<String> = message
        .lines()
        .map(|line| match line.strip_prefix("help: ") {
            Some(instead) => format!("help: {}", in_backquotes(instead)),
            None => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// Returns `message` with the option in its last line as the value of that variable.
pub(super) fn in_a_variable(message: &str, option: &str, variable: &str) -> String {
    message.replace(&format!("`{option} = "), &format!("`{variable}="))
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
}
