//! Arguments of a command as text, and back.

/// One on a line, where that says what they are; else as JSON.
pub(super) fn shown(args: &[String]) -> String {
    let lines = args.join("\n");
    if read(&lines).is_some_and(|read| read == args) {
        return lines;
    }
    serde_json::to_string(args).unwrap_or_default()
}

/// `None`: it begins as JSON and is something else.
pub(super) fn read(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if text.starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Some(lines.map(str::to_owned).collect())
}
