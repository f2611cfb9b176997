//! Checks whether the server's settings can lose records. It asks `INFO` alone, since managed
//! services refuse `CONFIG`.

use ::redis::{RedisResult, Value, cmd};

use super::connection::{Held, Link};

/// Returns one sentence for each setting that can lose records.
pub(super) async fn warnings(link: &Link, held: &mut Held) -> RedisResult<Vec<String>> {
    let mut warnings = Vec::new();
    for section in ["memory", "persistence", "replication"] {
        let mut command = cmd("INFO");
        let asked = held.connection.req_packed_command(command.arg(section));
        let info = link.read(held.number, asked.await)?;
        each_text(&info, &mut |text| read(text, &mut warnings));
    }
    // Each node of a cluster answers, and most have the same settings: each sentence stays once.
    warnings.sort();
    warnings.dedup();
    Ok(warnings)
}

/// Calls `f` with each text in `value`. A cluster answers with one text for each node, in a map or
/// a list.
fn each_text(value: &Value, f: &mut impl FnMut(&str)) {
    match value {
        Value::BulkString(bytes) => f(&String::from_utf8_lossy(bytes)),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => f(text),
        Value::Array(all) => all.iter().for_each(|v| each_text(v, f)),
        Value::Map(all) => all.iter().for_each(|(_, v)| each_text(v, f)),
        _ => {}
    }
}

fn read(info: &str, warnings: &mut Vec<String>) {
    for line in info.lines() {
        match line.trim_end().split_once(':') {
            Some(("maxmemory_policy", policy)) if policy != "noeviction" => warnings.push(format!(
                "maxmemory-policy is {policy}: set it to noeviction, or records vanish when \
                 memory is short"
            )),
            Some(("aof_enabled", "0")) => warnings.push(
                "appendonly is off: set it to yes, or a restart forgets every record".to_owned(),
            ),
            Some(("role", role)) if role != "master" => warnings.push(format!(
                "the server is a {role}: connect to the primary, which alone takes claims"
            )),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(info: &str) -> Vec<String> {
        let mut warnings = Vec::new();
        read(info, &mut warnings);
        warnings
    }

    #[test]
    fn what_is_right_is_not_mentioned() {
        let info = "# Memory\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\nrole:master\r\n";
        assert!(warned(info).is_empty());
    }

    #[test]
    fn each_fault_is_one_sentence() {
        let all = warned("maxmemory_policy:allkeys-lru\r\naof_enabled:0\r\nrole:slave\r\n");
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all[0].contains("allkeys-lru"), "{all:?}");
    }

    #[test]
    fn each_node_of_a_cluster_is_read() {
        let node = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let name = || node("127.0.0.1:7000");
        let all = Value::Map(vec![
            (name(), node("role:master")),
            (name(), node("role:slave")),
        ]);
        let mut warnings = Vec::new();
        each_text(&all, &mut |text| read(text, &mut warnings));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
}
