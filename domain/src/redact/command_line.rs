//! The arguments of a command, to be shown.

use super::{BLOT, tells, without_secrets};

/// Each argument without what looks like a secret. What follows an option with a telling name
/// (`--api-key`) is its value and goes whole.
pub fn command_line(args: &[String]) -> Vec<String> {
    let mut follows_a_telling_name = false;
    let shown = args.iter().map(|arg| {
        let is_option = arg.starts_with('-');
        let is_value = std::mem::replace(
            &mut follows_a_telling_name,
            is_option && !arg.contains('=') && tells(arg),
        );
        if is_value && !is_option {
            BLOT.to_owned()
        } else {
            without_secrets(arg).into_owned()
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_options_that_tell_are_not_shown() {
        let args = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (given, shown) in [
            ("-y @acme/mcp@1.2 --stdio", "-y @acme/mcp@1.2 --stdio"),
            ("--api-key hunter2 --port 80", "--api-key ••• --port 80"),
            ("--token --verbose x", "--token --verbose x"),
            ("--db-password=hunter2 x", "--db-password=••• x"),
            ("postgres://ann:hunter2@db/x", "postgres://ann:•••db/x"),
        ] {
            assert_eq!(command_line(&args(given)), args(shown), "{given}");
        }
    }
}
