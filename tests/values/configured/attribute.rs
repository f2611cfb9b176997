//! An attribute as configuration: `retry(max = 5, base = 100ms)` is `{"max": 5, "base": "100ms"}`.

/// Splits `retry(max = 5)` into the name and its arguments.
pub(super) fn parts(attribute: &str) -> (&str, &str) {
    let Some((name, args)) = attribute.split_once('(') else {
        return (attribute, "");
    };
    (name, args.strip_suffix(')').unwrap_or(args))
}

/// Returns the options of an attribute in JSON; `None` if it has what configuration can't have: a pattern,
/// an expression, an argument of the function, a text in quotes, broken syntax.
pub(super) fn options(args: &str) -> Option<String> {
    let pieces = pieces(args)?;
    let options: Option<Vec<String>> = pieces.iter().map(|piece| option(piece)).collect();
    Some(format!("{{{}}}", options?.join(", ")))
}

/// Cuts at the commas that stand in no brackets.
fn pieces(args: &str) -> Option<Vec<&str>> {
    let (mut depth, mut from, mut all) = (0, 0, Vec::new());
    for (at, c) in args.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '"' | '{' | ';' | '|' => return None,
            ',' if depth == 0 => {
                all.push(args[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    let last = args[from..].trim();
    if !last.is_empty() || !all.is_empty() {
        all.push(last);
    }
    // A comma behind the last option is none of configuration's.
    (depth == 0 && all.iter().all(|piece| !piece.is_empty())).then_some(all)
}

fn is_word(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty()
        && text.chars().all(is_letter)
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

fn option(piece: &str) -> Option<String> {
    if is_word(piece) {
        return Some(format!("\"{piece}\": true"));
    }
    if let Some((name, value)) = piece.split_once('=')
        && is_word(name.trim())
        && !value.starts_with('=')
    {
        return Some(format!("\"{}\": {}", name.trim(), value_of(value.trim())?));
    }
    let (name, own) = piece.split_once('(')?;
    let own = own.strip_suffix(')')?;
    let has_own = matches!(name, "budget" | "adaptive") && own.contains('=');
    has_own.then(|| Some(format!("\"{name}\": {}", options(own)?)))?
}

/// Returns a value in JSON.
pub(super) fn value_of(value: &str) -> Option<String> {
    if value.is_empty() {
        return Some("\"\"".to_owned());
    }
    if let Some(list) = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')) {
        if list.contains(' ') && !list.contains(", ") {
            return None;
        }
        let values: Option<Vec<String>> = pieces(list)?.into_iter().map(value_of).collect();
        return Some(format!("[{}]", values?.join(", ")));
    }
    if let Some(own) = value.strip_prefix('(').and_then(|v| v.strip_suffix(')')) {
        return if own.is_empty() || own.contains('=') {
            options(own)
        } else {
            None
        };
    }
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let begins_with_digit = unsigned.starts_with(|c: char| c.is_ascii_digit());
    let is_json_number = begins_with_digit
        && unsigned.chars().all(|c| c.is_ascii_digit() || c == '.')
        && unsigned.parse::<f64>().is_ok()
        && !unsigned.ends_with('.')
        && (unsigned.len() == 1 || !unsigned.starts_with('0') || unsigned.starts_with("0."));
    if is_json_number {
        return Some(value.to_owned());
    }
    // The arguments of the function in `faults.txt`, and constants, are no text.
    let is_of_the_function = ["limit", "user", "request", "order", "minute", "wait", "f"]
        .contains(&value)
        || value.contains(char::is_uppercase) && !begins_with_digit;
    let is_text = is_word(value) && !is_of_the_function
        || begins_with_digit
            && value
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | ' '))
        || value.starts_with('p')
            && !value.contains(char::is_uppercase)
            && value[1..].starts_with(|c: char| c.is_ascii_digit());
    is_text.then(|| format!("\"{value}\""))
}
