//! The text that a message proposes is free of that fault, and of new ones.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

use super::{located_faults_of, stacks};

/// Proposed texts that can't be typed as they stand, and why.
const EXCEPTIONS: [(&str, &str); 9] = [
    ("retry(exponential, ..)", "an outline"),
    ("#[idempotent(..)]", "an outline"),
    ("max = unlimited", "needs an end, which may stand elsewhere"),
    ("max(unlimited)", "the same"),
    ("let mut this = self.clone();", "stands in the body"),
    (
        "resil::event::subscribe(|event| ..)",
        "stands in the program",
    ),
    ("on(Lost | Gone)", "stands behind the expression"),
    ("open_max = 5s", "the second of two guesses"),
    (
        "base = 500s",
        "the second of two guesses, or the user's own",
    ),
];

#[test]
fn what_a_message_says_to_write_is_right() {
    let mut typed = 0;
    let mut wrong = Vec::new();
    let mut unused: Vec<&str> = EXCEPTIONS.iter().map(|(text, _)| *text).collect();
    for line in stacks() {
        let faults = located_faults_of(line);
        for (number, (at, message)) in faults.iter().enumerate() {
            let (_, help) = message.split_once("\nhelp: ").expect(line);
            let mut others: Vec<&str> = faults.iter().map(|(_, text)| text.as_str()).collect();
            others.remove(number);
            for (how, text) in fixes(help) {
                if EXCEPTIONS.iter().any(|(except, _)| *except == text) {
                    unused.retain(|except| *except != text);
                    continue;
                }
                typed += 1;
                let lines = candidates(line, at, how, text);
                if !lines.iter().any(|line| is_better(line, &others)) {
                    let said = lines
                        .iter()
                        .map(|line| format!("{line}: {:?}", said_of(line)));
                    let said: Vec<String> = said.collect();
                    wrong.push(format!("{line}\n  {help}\n  {}", said.join("\n  ")));
                }
            }
        }
    }
    assert!(typed > 300, "only {typed} texts were typed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(unused, [""; 0], "no exceptions any more");
}

/// Where a proposed text belongs.
#[derive(Clone, Copy)]
enum How {
    /// In place of the option, or of a part of its value.
    Replace,
    /// In place of all options of that name.
    ReplaceAll,
    /// Behind the option.
    Beside,
    /// A comma in front of the word.
    Comma,
    /// In place of the token itself.
    Token,
    /// The option is removed.
    Remove,
}

/// Returns the texts that a help line proposes, and where they belong.
fn fixes(help: &str) -> Vec<(How, &str)> {
    match help {
        "remove it" => return vec![(How::Token, "")],
        "write `,`" => return vec![(How::Token, ",")],
        _ if help.starts_with("remove it, or") => return vec![(How::Remove, "")],
        _ => {}
    }
    let after = |words: &str| help.split_once(words).map(|(_, after)| after);
    let Some(mut rest) = after("write `").or_else(|| after("such as `")) else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    while let Some((text, after)) = rest.split_once('`') {
        texts.push(text);
        rest = after;
        let more = after.strip_prefix(" or `");
        match more.or_else(|| after.strip_prefix(", or `")) {
            Some(more) => rest = more,
            None => break,
        }
    }
    let how = |text: &str| match rest {
        _ if text.starts_with(", ") => How::Comma,
        _ if rest.starts_with(" beside it") => How::Beside,
        _ if rest.starts_with(" in place of both") => How::ReplaceAll,
        _ => How::Replace,
    };
    texts.into_iter().map(|text| (how(text), text)).collect()
}

/// Returns the line with the text, in each of the places that may be meant.
fn candidates(line: &str, at: &Range<usize>, how: How, text: &str) -> Vec<String> {
    let replaced =
        |at: &Range<usize>, text: &str| format!("{}{text}{}", &line[..at.start], &line[at.end..]);
    match how {
        How::Comma => return vec![replaced(&(at.start..at.start), ", ")],
        How::Token => return vec![replaced(at, text)],
        _ => {}
    }
    let levels = levels(line, at);
    let [attribute, options, ..] = levels.as_slice() else {
        // The fault is about the whole attribute, which does not have the option yet.
        let attribute = &levels[0].own;
        let whole = text
            .strip_prefix("#[")
            .and_then(|text| text.strip_suffix(']'));
        return vec![match whole {
            Some(whole) => replaced(attribute, whole),
            None => match line[attribute.clone()].strip_suffix(')') {
                Some(open) => replaced(attribute, &format!("{open}, {text})")),
                None => replaced(attribute, &format!("{}({text})", &line[attribute.clone()])),
            },
        }];
    };
    let name = text.split([' ', '(']).next().unwrap_or_default();
    let is_named = |piece: &&Range<usize>| {
        let rest = line[(*piece).clone()].strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with([' ', '(']))
    };
    let rejoined = |pieces: Vec<&str>| {
        let all = options.all.start()..options.all.end();
        vec![replaced(&all, &pieces.join(", "))]
    };
    let own = |piece: &Range<usize>| *piece == options.own;
    let shown = |piece: &Range<usize>| &line[piece.clone()];
    let pieces = options.all.0.iter();
    match how {
        How::Beside => {
            let end = options.own.end;
            vec![replaced(&(end..end), &format!(", {text}"))]
        }
        How::Remove => rejoined(pieces.filter(|p| !own(p)).map(shown).collect()),
        How::ReplaceAll => {
            let others = pieces.filter(|p| !is_named(p)).map(shown);
            rejoined([text].into_iter().chain(others).collect())
        }
        How::Replace | How::Comma | How::Token => {
            if let Some(whole) = text.strip_prefix("#[") {
                return vec![replaced(&attribute.own, whole.trim_end_matches(']'))];
            }
            let named = pieces.filter(is_named).map(|piece| replaced(piece, text));
            let levels = levels[1..].iter().rev();
            let around = levels.map(|level| replaced(&level.own, text));
            around.chain(named).collect()
        }
    }
}

/// The parts between commas at one depth, and the part that contains a place.
struct Level {
    own: Range<usize>,
    all: Pieces,
}

struct Pieces(Vec<Range<usize>>);

impl Pieces {
    fn start(&self) -> usize {
        self.0.first().expect("a piece").start
    }

    fn end(&self) -> usize {
        self.0.last().expect("a piece").end
    }
}

/// Returns the attribute around a place, the option around it, the part of its value, and so on.
fn levels(line: &str, at: &Range<usize>) -> Vec<Level> {
    let tokens: TokenStream = line.parse().expect("the lexer takes it");
    let mut found = Vec::new();
    descend(tokens, at, &mut found);
    found
}

fn descend(tokens: TokenStream, at: &Range<usize>, found: &mut Vec<Level>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let parts =
        |tree: &TokenTree| matches!(tree, TokenTree::Punct(p) if matches!(p.as_char(), ',' | ';'));
    let range = |piece: &[TokenTree]| {
        let (first, last) = (piece.first()?, piece.last()?);
        Some(first.span().byte_range().start..last.span().byte_range().end)
    };
    let holds = |piece: &Range<usize>| piece.start <= at.start && at.end <= piece.end;
    let all: Vec<_> = trees.split(parts).filter_map(range).collect();
    let Some(own) = all.iter().find(|piece| holds(piece)).cloned() else {
        return;
    };
    found.push(Level {
        own,
        all: Pieces(all),
    });
    for tree in trees {
        if let TokenTree::Group(group) = tree
            && holds(&group.span().byte_range())
        {
            descend(group.stream(), at, found);
        }
    }
}

/// Whether the line has no faults but those that were there before.
fn is_better(line: &str, others: &[&str]) -> bool {
    let mut left = others.to_vec();
    said_of(line).iter().all(|text| {
        let known = left.iter().position(|other| other == text);
        known.map(|at| left.remove(at)).is_some()
    })
}

fn said_of(line: &str) -> Vec<String> {
    if line.parse::<TokenStream>().is_err() {
        return vec!["the lexer does not take it".to_owned()];
    }
    let faults = located_faults_of(line);
    faults.into_iter().map(|(_, message)| message).collect()
}
