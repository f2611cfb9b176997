//! `clone` names bindings, wherever in the arguments they stand: in a tuple, a struct, behind `@`.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::retry;

struct Upload {
    parts: Vec<&'static str>,
    owner: String,
}

#[retry(constant, base = 5ms, clone(path, parts, whole))]
async fn upload(
    log: &Cell<u32>,
    (mut path, bucket): (String, &str),
    Upload { mut parts, owner }: Upload,
    mut whole @ [_, _]: [u8; 2],
) -> Result<String, u16> {
    log.set(log.get() + 1);
    path.insert(0, '/');
    whole[0] += 1;
    let last = parts.pop().ok_or(400_u16)?;
    if log.get() < 3 {
        return Err(503);
    }
    Ok(format!(
        "{bucket}{path}:{owner}:{last}:{}:{}",
        parts.len(),
        whole[0]
    ))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let log = Cell::new(0);
    let files = Upload {
        parts: vec!["a", "b"],
        owner: "ada".into(),
    };
    let url = upload(&log, ("logs".into(), "eu"), files, [0, 0]).await;
    assert_eq!(url.as_deref(), Ok("eu/logs:ada:b:1:1"));
    assert_eq!(log.get(), 3);
}
