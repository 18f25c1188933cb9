//! What `realtime dev` says once it runs: where everything is, and what to try.

use std::path::Path;
use std::time::Duration;

use lua::id::UserId;

use crate::failure::Failure;
use crate::token;

/// How long the printed tokens are good.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3_600);

/// Who the printed tokens are for, one for each of the first edges, so that two windows are two
/// people.
const PEOPLE: [(&str, &str); 2] = [("ada", "Ada"), ("ben", "Ben")];

/// What is to be told.
pub struct Welcome<'a> {
    /// Ports of the edges. Never empty.
    pub ports: Vec<u16>,
    /// Port of the private Redis.
    pub redis_port: u16,
    /// Where data are kept.
    pub data: &'a Path,
    /// What signs tokens.
    pub secret: &'a str,
}

impl Welcome<'_> {
    /// The text, ready to be printed.
    pub fn text(&self) -> Result<String, Failure> {
        let tokens: Vec<String> =
            PEOPLE.iter().map(|(id, name)| self.token(id, name)).collect::<Result<_, _>>()?;
        let Self { redis_port, data, .. } = self;
        let port = self.ports[0];
        let mut lines = vec![
            "\nRealtime runs. Ctrl-C stops all of it.\n".to_owned(),
            self.page(&tokens),
            format!("  Redis        redis-cli -p {redis_port}"),
            format!("  Data         {}/ (remove it to start afresh)", data.display()),
        ];
        lines.push(format!("\n  A token for {}, good for a day:\n{}", PEOPLE[0].0, tokens[0]));
        lines.push(format!(
            "\nThree things to try

  1. Chat from Node: npm install socket.io-client, this in chat.mjs, then node chat.mjs TOKEN

       import {{ io }} from 'socket.io-client'
       const socket = io('http://localhost:{port}', {{ auth: {{ token: process.argv[2] }} }})
       socket.on('message-received', console.log)
       await socket.emitWithAck('join-room', {{ roomId: 'lobby' }})
       await socket.emitWithAck('send-message', {{ roomId: 'lobby', content: 'Hello' }})

  2. See which worker owns which partition, and how far it is:

       REDIS_URL=redis://127.0.0.1:{redis_port} realtime inspect partitions

  3. Measure it, on a private Redis of its own:

       realtime bench chat
"
        ));
        Ok(lines.join("\n"))
    }

    /// Where the page is, or how to get it.
    fn page(&self, tokens: &[String]) -> String {
        if !edge::console::included() {
            let urls: Vec<String> =
                self.ports.iter().map(|port| format!("http://localhost:{port}")).collect();
            return format!(
                "  Edges        {}\n  Page         left out of this build: it is built by Node; \
                 run `make console`, then build again",
                urls.join("  ")
            );
        }
        let mut lines = Vec::new();
        for (index, port) in self.ports.iter().enumerate() {
            let title = match index {
                0 => "Page".to_owned(),
                1 => "Second edge".to_owned(),
                _ => format!("Edge {}", index + 1),
            };
            let fragment = tokens.get(index).map(|token| format!("#token={token}"));
            let fragment = fragment.unwrap_or_default();
            lines.push(format!("  {title:<12} http://localhost:{port}/{fragment}"));
        }
        lines.join("\n")
    }

    fn token(&self, id: &str, name: &str) -> Result<String, Failure> {
        let user: UserId = id.parse().expect("the people here have valid ids");
        let signer = token::signer(self.secret)?;
        token::sign(&signer, user, name.to_owned(), Vec::new(), TOKEN_TTL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_that_is_shown_is_that_of_the_page() {
        let data = Path::new(".realtime");
        let welcome =
            Welcome { ports: vec![3006, 3007, 3008], redis_port: 6400, data, secret: "s" };
        let tokens = ["one".to_owned(), "two".to_owned()];
        let page = welcome.page(&tokens);
        if edge::console::included() {
            assert!(page.contains("http://localhost:3006/#token=one"), "{page}");
            assert!(page.contains("http://localhost:3007/#token=two"), "{page}");
            assert!(page.ends_with("http://localhost:3008/"), "{page}");
        } else {
            assert!(page.contains("http://localhost:3008"), "{page}");
            assert!(page.contains("make console"), "{page}");
        }
        let text = welcome.text().expect("a text");
        assert!(text.contains("redis-cli -p 6400"), "{text}");
    }
}
