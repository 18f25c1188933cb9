//! What stands at the head of a script is true: keys, arguments, codes and library files are those of
//! its body; and every file is a script or a library file that loads.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use lua::refusal::Code;
use lua::script::{self, Source};
use lua::server::{Options, Private};
use lua::topology::Settings;
use lua::{Redis, Value};

/// Keys and arguments that `lib/open` takes from the front.
const OPEN: (usize, usize) = (4, 6);

/// A script or library file, in two parts.
struct File {
    name: String,
    head: Vec<String>,
    body: String,
}

impl File {
    fn read(name: &str) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(format!("{name}.lua"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let head: Vec<String> = text
            .lines()
            .take_while(|line| line.starts_with("--"))
            .map(|line| line[2..].to_owned())
            .collect();
        assert!(
            head.first().is_some_and(|line| line.starts_with(&format!(" {name}: "))),
            "{name} says first what it is"
        );
        let body = text.lines().skip(head.len()).collect::<Vec<_>>().join("\n");
        Self { name: name.to_owned(), head, body }
    }

    /// The lines below a heading, to the next one; the heading's own rest first.
    fn section(&self, heading: &str) -> Option<Vec<&str>> {
        let is_heading = |line: &str| {
            let word = line.trim_start_matches(' ').split(' ').next().unwrap_or_default();
            line.starts_with(' ')
                && !line.starts_with("  ")
                && ["KEYS", "ARGV", "RETURNS", "REFUSES", "ERRORS", "USES"].contains(&word)
        };
        let mut lines = Vec::new();
        let (mut inside, mut found) = (false, false);
        for line in &self.head {
            if is_heading(line) {
                inside = line.trim().split(' ').next() == Some(heading);
                found |= inside;
                if inside {
                    lines.push(line.trim().strip_prefix(heading).unwrap_or_default());
                }
            } else if inside {
                lines.push(line.as_str());
            }
        }
        found.then_some(lines)
    }

    /// The numbers that a section documents: `4 room …`, `13 a, 14 b   …`, `1-5`, and `8…` for all above.
    fn documented(&self, heading: &str) -> BTreeSet<usize> {
        let mut numbers = BTreeSet::new();
        for line in self.section(heading).unwrap_or_default() {
            // A description begins after three blanks; a number, at most four from the margin.
            let edge: String = line.chars().take(6).collect();
            if !edge.trim().starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let names = line.trim().split("   ").next().unwrap_or_default();
            for name in
                names.split(", ").filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
            {
                let number = name.split([' ', '…']).next().unwrap_or_default();
                match number.split_once('-') {
                    Some((first, last)) => numbers.extend(parse(first)..=parse(last)),
                    None => _ = numbers.insert(parse(number)),
                }
            }
        }
        numbers
    }

    /// The numbers that the body uses: `KEYS[4]`, `unpack(ARGV, 8`.
    fn used(&self, table: &str) -> BTreeSet<usize> {
        let mut numbers = BTreeSet::new();
        for begin in [format!("{table}["), format!("unpack({table}, ")] {
            for (at, _) in self.body.match_indices(&begin) {
                let rest = &self.body[at + begin.len()..];
                numbers.insert(parse(
                    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default(),
                ));
            }
        }
        if self.body.contains("open(KEYS, ARGV") {
            numbers.extend(1..=if table == "KEYS" { OPEN.0 } else { OPEN.1 });
        }
        numbers
    }

    /// Words of a section that are codes, as `pattern` knows them.
    fn words(&self, heading: &str, is_code: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let lines = self.section(heading).unwrap_or_default();
        let columns = lines.iter().flat_map(|line| line.split(';'));
        // Codes stand before the description, which begins after three blanks.
        let codes = columns
            .flat_map(|column| column.trim().split("   ").next().unwrap_or_default().split(' '));
        codes.filter(|word| is_code(word)).map(str::to_owned).collect()
    }
}

fn parse(number: &str) -> usize {
    number.parse().unwrap_or_else(|_| panic!("{number:?} is a number"))
}

/// What stands in quotes right after each `before`.
fn quoted<'a>(body: &'a str, before: &'a str, quote: char) -> impl Iterator<Item = &'a str> {
    body.match_indices(before).map(move |(at, _)| {
        body[at + before.len()..].split(quote).next().expect("there is a first part")
    })
}

/// Every file below `scripts/`, as `folder/name`.
fn files() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut files = BTreeSet::new();
    for folder in std::fs::read_dir(&root).expect("the folder of scripts") {
        let folder = folder.expect("an entry").path();
        for file in std::fs::read_dir(&folder).expect("a folder") {
            let file = file.expect("an entry").path();
            let relative = file.strip_prefix(&root).expect("it is below").to_str().expect("ASCII");
            files.insert(relative.strip_suffix(".lua").expect("a Lua file").to_owned());
        }
    }
    files
}

fn each(check: impl Fn(&'static Source, File)) {
    script::sources().into_iter().for_each(|source| check(source, File::read(source.name)));
}

#[test]
fn every_file_is_in_the_table_and_used() {
    let mut known: BTreeSet<String> = script::sources().iter().map(|s| s.name.to_owned()).collect();
    assert_eq!(known.len(), script::sources().len(), "each once");
    known.extend(script::sources().iter().flat_map(|s| used(s)).map(|lib| format!("lib/{lib}")));
    assert_eq!(known, files());
}

#[test]
fn documented_keys_and_arguments_are_those_used() {
    each(|_, file| {
        for table in ["KEYS", "ARGV"] {
            let (documented, used) = (file.documented(table), file.used(table));
            assert_eq!(documented, used, "{table} of {}", file.name);
            assert!(
                used.iter().copied().eq(1..=used.len()),
                "{}: no number is left out",
                file.name
            );
        }
    });
}

#[test]
fn every_script_says_what_it_returns_and_uses() {
    each(|source, file| {
        assert!(file.section("RETURNS").is_some_and(|lines| lines.len() > 1), "{}", file.name);
        let uses: Vec<&str> = file
            .section("USES")
            .expect("a USES line")
            .into_iter()
            .flat_map(str::split_whitespace)
            .collect();
        // A group of files goes by its last one's name; each group has those before it.
        let group = match source.groups.len() {
            0 => None,
            1 => Some("open".to_owned()),
            _ => Some("admit".to_owned()),
        };
        let listed = source.uses.iter().map(|lib| format!("lib/{lib}"));
        assert_eq!(uses, group.into_iter().chain(listed).collect::<Vec<_>>(), "{}", file.name);
    });
}

#[test]
fn every_library_file_that_is_used_is_called_and_stands_after_what_it_calls() {
    each(|source, file| {
        let all = used(source);
        for (n, lib) in all.iter().enumerate() {
            let name = function_of(lib);
            let call = format!("{name}(");
            let below = all[n + 1..].iter().map(|lib| File::read(&format!("lib/{lib}")).body);
            let called = below.chain([file.body.clone()]).any(|body| calls(&body, &call));
            let in_group = source.groups.iter().any(|group| group.contains(lib));
            assert!(called || in_group, "{} uses lib/{lib} and never calls {name}", file.name);
            let own = File::read(&format!("lib/{lib}")).body;
            for later in &all[n..] {
                let later = function_of(later);
                let own = own.replace(&format!("function {later}("), "");
                assert!(
                    !calls(&own, &format!("{later}(")),
                    "{}: lib/{lib} calls {later} too early",
                    file.name
                );
            }
        }
    });
}

/// All library files of a script, in order.
fn used(source: &Source) -> Vec<&'static str> {
    source.groups.iter().copied().flatten().chain(source.uses).copied().collect()
}

/// The one function that a library file makes.
fn function_of(lib: &str) -> String {
    let body = File::read(&format!("lib/{lib}")).body;
    let functions: Vec<&str> = quoted(&body, "\nlocal function ", '(')
        .chain(body.strip_prefix("local function ").and_then(|rest| rest.split('(').next()))
        .collect();
    assert_eq!(functions.len(), 1, "lib/{lib} makes one function");
    functions[0].to_owned()
}

/// Whether `body` calls the function, not one whose name ends like it.
fn calls(body: &str, call: &str) -> bool {
    body.match_indices(call)
        .any(|(at, _)| !body[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
}

#[test]
fn documented_errors_are_those_raised() {
    let is_error =
        |word: &str| word.len() > 3 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    each(|source, file| {
        let raised: BTreeSet<String> =
            quoted(source.text, "error_reply('", ' ').map(str::to_owned).collect();
        assert_eq!(file.words("ERRORS", is_error), raised, "{}", file.name);
    });
}

#[test]
fn documented_refusals_are_those_made() {
    let codes: HashMap<&str, Code> = Code::ALL.iter().map(|code| (code.word(), *code)).collect();
    let admit: BTreeSet<String> =
        quoted(&File::read("lib/admit").body, "refuse(event, '", '\'').map(str::to_owned).collect();
    each(|source, file| {
        let mut made = BTreeSet::new();
        let own = source
            .uses
            .iter()
            .filter(|lib| **lib != "refuse")
            .map(|lib| File::read(&format!("lib/{lib}")).body);
        for body in own.chain([file.body.clone()]) {
            made.extend(quoted(&body, "refuse(event, '", '\'').map(str::to_owned));
            made.extend(quoted(&body, "\"code\":\"", '"').map(str::to_owned));
        }
        let documented =
            file.words("REFUSES", |word| word.contains('-') || codes.contains_key(word));
        if calls(&file.body, "admit(") {
            assert!(source.groups.contains(&script::ADMIT));
            made.extend(documented.intersection(&admit).cloned());
        }
        assert_eq!(documented, made, "{}", file.name);
        for code in documented {
            assert!(codes.contains_key(code.as_str()), "{}: {code} is no code", file.name);
        }
    });
    // `admit` refuses with what `enter` gives, and `open` with one code of its own.
    let enter: BTreeSet<String> =
        quoted(&File::read("lib/enter").body, "return nil, '", '\'').map(str::to_owned).collect();
    assert_eq!(
        admit,
        BTreeSet::from(["banned", "forbidden", "gone", "not-found"].map(str::to_owned))
    );
    assert_eq!(admit, enter);
    let open = File::read("lib/open");
    let made: BTreeSet<String> =
        quoted(&open.body, "\"code\":\"", '"').map(str::to_owned).collect();
    assert_eq!(open.words("REFUSES", |word| codes.contains_key(word)), made);
}

#[test]
fn no_file_builds_a_key() {
    for name in files() {
        let file = File::read(&name);
        assert!(!file.body.contains("rt:"), "{name} builds a key");
        assert!(!file.body.contains("{p"), "{name} builds a key");
    }
}

/// A script that loads may still use a global by mistake, which the server refuses only when that very
/// line is run: so the names are looked up, too.
#[tokio::test]
async fn every_script_loads_and_uses_no_global() {
    let server = Private::start(Options::default()).await.expect("a private Redis");
    let redis = Redis::connect(&Settings::new(server.url())).await.expect("a connection");
    let mut connection = redis.connection(redis.nodes()[0]).await.expect("the node is up");
    for source in script::sources() {
        let loaded: String = redis::cmd("SCRIPT")
            .arg("LOAD")
            .arg(source.text)
            .query_async(&mut connection)
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", source.name));
        assert_eq!(loaded, source.script.get_hash());
        let known = "redis KEYS ARGV string table math cjson tonumber tostring ipairs pairs unpack";
        for name in globals(source.text) {
            assert!(
                known.split(' ').any(|word| word == name),
                "{} uses the global {name}",
                source.name
            );
        }
        let exists: Vec<Value> = redis::cmd("SCRIPT")
            .arg("EXISTS")
            .arg(loaded)
            .query_async(&mut connection)
            .await
            .expect("asked");
        assert_eq!(exists, [Value::Int(1)]);
    }
}

/// Names in a script that no `local`, parameter or loop makes.
fn globals(text: &str) -> BTreeSet<&str> {
    const WORDS: &str = "and break do else elseif end false for function if in local nil not or repeat \
        return then true until while";
    let tokens = tokens(text);
    let is_name = |token: &str| token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let made: BTreeSet<&str> = (0..tokens.len()).flat_map(|at| declared(&tokens[at..])).collect();
    let mut used = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| is_name(token)) {
        let before = if at == 0 { "" } else { tokens[at - 1] };
        let after = tokens.get(at + 1).copied().unwrap_or_default();
        let is_field = before == "." || (["{", ","].contains(&before) && after == "=");
        if !is_field && !WORDS.split_whitespace().any(|word| word == *token) {
            used.insert(*token);
        }
    }
    used.retain(|name| !made.contains(name));
    used
}

/// The names that the statement at the front of `tokens` declares: `local a, b`, `local function f`,
/// `function (a, b)`, `for a, b in`.
fn declared<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let list = |tokens: &[&'a str]| -> Vec<&'a str> {
        let mut names: Vec<&str> = tokens.iter().take(1).copied().collect();
        names.extend(
            tokens[1..].chunks_exact(2).take_while(|pair| pair[0] == ",").map(|pair| pair[1]),
        );
        names
    };
    match tokens {
        ["local", "function", name, ..] => vec![name],
        ["local" | "for", rest @ ..]
        | ["function", "(", rest @ ..]
        | ["function", _, "(", rest @ ..] => list(rest),
        _ => Vec::new(),
    }
}

/// A script's names, numbers and signs; comments left out, strings as one sign.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '\'' || first == '"' {
            rest[1..].find(first).expect("a string ends") + 2
        } else if is_part(first) {
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else if rest.starts_with("==") || rest.starts_with("..") {
            2
        } else {
            first.len_utf8()
        };
        let (token, tail) = rest.split_at(length);
        if !token.starts_with("--") && !token.trim().is_empty() {
            tokens.push(token);
        }
        rest = tail;
    }
    tokens
}
