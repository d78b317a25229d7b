//! A phone whose acts are the vendor's own executables, for systems based on AOSP and the like (PROTOCOL §16).
//!
//! `hooks.json` in the agent's folder names one executable per verb. It belongs to the vendor's image and must not be
//! writable by the agent; that nobody else may write it, or a hook, is checked each time it is opened. Values travel as JSON on standard input, never as arguments or environment, and there is no
//! shell: text from a command cannot become a command line (A109).

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::state::guard;

use super::{Inventory, Lock, LockState, Phone, PhoneError};

const CONFIGURATION: &str = "hooks.json";
/// A hook's answer is a small JSON object; more is cut off and then refused.
const ANSWER_LIMIT: u64 = 16 * 1024;
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The verbs a vendor provides. The list is fixed: no server can add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verb {
    Inventory,
    LockState,
    Lock,
    UnlockFleet,
    ServiceState,
    ServiceOff,
    ServiceOn,
    EraseUserData,
    EraseServiceData,
    Show,
}

impl Verb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::LockState => "lock-state",
            Self::Lock => "lock",
            Self::UnlockFleet => "unlock-fleet",
            Self::ServiceState => "service-state",
            Self::ServiceOff => "service-off",
            Self::ServiceOn => "service-on",
            Self::EraseUserData => "erase-user-data",
            Self::EraseServiceData => "erase-service-data",
            Self::Show => "show",
        }
    }
}

/// `hooks.json`: `{"hooks": {"lock": "/vendor/bin/lock", …}, "time_limit_seconds": 30}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    hooks: BTreeMap<Verb, PathBuf>,
    /// How long one hook may take; 30 seconds when absent. Erasing gets ten times as long.
    #[serde(default = "default_time_limit")]
    time_limit_seconds: u64,
}

const fn default_time_limit() -> u64 {
    30
}

/// A phone driven through the vendor's executables.
#[derive(Debug)]
pub struct HooksPhone {
    configuration: Configuration,
}

impl HooksPhone {
    /// Reads `hooks.json` in `folder`.
    ///
    /// # Errors
    /// When it is missing, malformed, or names a path that is not absolute; when others may write it or a hook.
    pub fn open(folder: &Path) -> Result<Self, PhoneError> {
        let path = folder.join(CONFIGURATION);
        if path.exists() {
            guard::not_for_everybody(folder).map_err(PhoneError::Malformed)?;
            guard::only_ours(&path).map_err(PhoneError::Malformed)?;
        }
        let bytes = std::fs::read(&path)
            .map_err(PhoneError::file(format!("cannot read {}", path.display())))?;
        let configuration: Configuration = serde_json::from_slice(&bytes)
            .map_err(|error| PhoneError::Malformed(format!("{}: {error}", path.display())))?;
        if let Some(relative) = configuration
            .hooks
            .values()
            .find(|hook| !hook.is_absolute())
        {
            return Err(PhoneError::Malformed(format!(
                "{}: {} is not an absolute path",
                path.display(),
                relative.display()
            )));
        }
        // One that is not there cannot be started either, which says so itself.
        for hook in configuration.hooks.values().filter(|hook| hook.exists()) {
            guard::only_ours(hook).map_err(PhoneError::Malformed)?;
        }
        Ok(Self { configuration })
    }

    fn call(&self, verb: Verb, input: &Value) -> Result<Value, PhoneError> {
        let failed = |how: String| PhoneError::Hook {
            verb: verb.as_str(),
            how,
        };
        let program = self
            .configuration
            .hooks
            .get(&verb)
            .ok_or_else(|| failed("is not configured".to_owned()))?;
        let mut child = Command::new(program)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(format!("cannot be started: {error}")))?;
        // A hook that does not read its input closes the pipe; its exit code tells whether that was right.
        if let Some(mut pipe) = child.stdin.take() {
            let _ = pipe.write_all(input.to_string().as_bytes());
        }
        let output = child.stdout.take();
        let reader = std::thread::spawn(move || {
            let mut answer = Vec::new();
            if let Some(pipe) = output {
                let _ = pipe.take(ANSWER_LIMIT).read_to_end(&mut answer);
            }
            answer
        });
        let code = wait(&mut child, self.time_limit(verb)).map_err(failed)?;
        if code != Some(0) {
            return Err(failed(
                code.map_or("was ended by a signal".to_owned(), |code| {
                    format!("ended with {code}")
                }),
            ));
        }
        // A grandchild may keep the pipe open for ever; what has not been written by now is not part of the answer.
        let answer = if reader.is_finished() || wait_for(&reader) {
            reader.join().unwrap_or_default()
        } else {
            Vec::new()
        };
        if answer.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer)
            .map_err(|_| failed("answered something that is not JSON".to_owned()))
    }

    fn time_limit(&self, verb: Verb) -> Duration {
        let seconds = self.configuration.time_limit_seconds.clamp(1, 3600);
        let erasing = matches!(verb, Verb::EraseUserData | Verb::EraseServiceData);
        Duration::from_secs(if erasing { seconds * 10 } else { seconds })
    }
}

impl Phone for HooksPhone {
    fn inventory(&mut self) -> Inventory {
        self.call(Verb::Inventory, &json!({}))
            .ok()
            .and_then(|answer| serde_json::from_value(answer).ok())
            .unwrap_or_default()
    }

    fn lock_state(&mut self) -> Result<LockState, PhoneError> {
        let answer = self.call(Verb::LockState, &json!({}))?;
        serde_json::from_value(answer).map_err(|_| {
            PhoneError::Malformed(
                "hook lock-state must answer {\"owner\":…,\"fleet\":…}".to_owned(),
            )
        })
    }

    fn lock(&mut self, lock: Lock) -> Result<(), PhoneError> {
        self.call(Verb::Lock, &json!({ "lock": lock.as_str() }))
            .map(drop)
    }

    fn unlock_fleet(&mut self) -> Result<(), PhoneError> {
        self.call(Verb::UnlockFleet, &json!({})).map(drop)
    }

    fn service_on(&mut self) -> Result<bool, PhoneError> {
        let answer = self.call(Verb::ServiceState, &json!({}))?;
        answer.get("on").and_then(Value::as_bool).ok_or_else(|| {
            PhoneError::Malformed("hook service-state must answer {\"on\":…}".to_owned())
        })
    }

    fn set_service(&mut self, on: bool) -> Result<(), PhoneError> {
        self.call(
            if on {
                Verb::ServiceOn
            } else {
                Verb::ServiceOff
            },
            &json!({}),
        )
        .map(drop)
    }

    fn erase_user_data(&mut self, step: &mut dyn FnMut()) -> Result<(), PhoneError> {
        step();
        self.call(Verb::EraseUserData, &json!({})).map(drop)
    }

    fn erase_service_data(&mut self) -> Result<(), PhoneError> {
        self.call(Verb::EraseServiceData, &json!({})).map(drop)
    }

    fn show(&mut self, lines: &[String]) -> Result<(), PhoneError> {
        self.call(Verb::Show, &json!({ "lines": lines })).map(drop)
    }
}

/// Waits for the end of a hook; one that takes too long is killed.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<i32>, String> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.code()),
            Ok(None) if started.elapsed() < limit => std::thread::sleep(LOOK_AGAIN),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "took longer than {} seconds and was ended",
                    limit.as_secs()
                ));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
}

fn wait_for(reader: &std::thread::JoinHandle<Vec<u8>>) -> bool {
    for _ in 0..50 {
        if reader.is_finished() {
            return true;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn phone(folder: &Path, verb: &str, script: &str) -> HooksPhone {
        let hook = folder.join("hook");
        fs::write(&hook, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o700)).expect("executable");
        let configuration = json!({ "hooks": { verb: hook }, "time_limit_seconds": 1 });
        fs::write(folder.join(CONFIGURATION), configuration.to_string()).expect("written");
        HooksPhone::open(folder).expect("hooks")
    }

    #[test]
    fn a109_text_is_data_and_never_a_command_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let seen = folder.path().join("seen");
        let script = format!("/bin/cat > {0}; echo \"args=$#\" >> {0}", seen.display());
        let mut phone = phone(folder.path(), "show", &script);
        phone
            .show(&["$(touch /tmp/x); `id`".to_owned()])
            .expect("shown");
        let seen = fs::read_to_string(seen).expect("the hook wrote it");
        assert_eq!(seen, "{\"lines\":[\"$(touch /tmp/x); `id`\"]}args=0\n");
    }

    #[test]
    fn what_others_may_write_is_not_run() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(phone(folder.path(), "show", "exit 0"));
        for (file, usual) in [(CONFIGURATION, 0o644), ("hook", 0o755), ("", 0o700)] {
            let file = folder.path().join(file);
            let set = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode));
            set(usual).expect("set");
            HooksPhone::open(folder.path()).expect("nobody else may write it");
            set(0o777).expect("set");
            let refused = HooksPhone::open(folder.path()).expect_err("everybody may write it");
            assert!(refused.to_string().contains("chmod"), "{refused}");
            set(usual).expect("set");
        }
    }

    #[test]
    fn a_hook_that_fails_or_hangs_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(
            phone(folder.path(), "unlock-fleet", "exit 3")
                .unlock_fleet()
                .is_err()
        );
        let mut slow = phone(folder.path(), "unlock-fleet", "exec /bin/sleep 30");
        assert!(
            slow.unlock_fleet()
                .is_err_and(|error| error.to_string().contains("longer than 1 seconds"))
        );
        assert!(
            slow.set_service(false)
                .is_err_and(|error| error.to_string().contains("not configured"))
        );
    }
}
