// The first screen: a name on a development server, or a token anywhere.
import { useState } from "preact/hooks";
import { Icon } from "../shell/icons.tsx";
import { type Identity, readToken, tokenForName, usable, userIdFrom } from "./token.ts";
import { TokenField } from "./token-field.tsx";

interface Props {
  /** Why the last sign-in ended, if it did. */
  notice: string | undefined;
  onSignedIn(identity: Identity): void;
}

export function SignIn({ notice, onSignedIn }: Props) {
  const [withName, setWithName] = useState(true);
  const [nameOffered, setNameOffered] = useState(true);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState(notice);
  const [busy, setBusy] = useState(false);

  const change = (byName: boolean) => {
    setWithName(byName);
    setText("");
    setProblem(undefined);
  };

  const signIn = async () => {
    setProblem(undefined);
    setBusy(true);
    try {
      const identity = withName ? await byName(text) : byToken(text);
      if (identity !== undefined) return onSignedIn(identity);
      setNameOffered(false);
      change(false);
      setProblem("This server does not sign people in by name. Please paste a token.");
    } catch (cause) {
      setProblem(cause instanceof Error ? cause.message : String(cause));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <form
        class="sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          void signIn();
        }}
      >
        <Icon name="logo" />
        <h1>Realtime</h1>
        <p class="quiet">Rooms for people who solve problems together.</p>
        {withName ? (
          <NameField text={text} onText={setText} />
        ) : (
          <TokenField key="token" text={text} onText={setText} />
        )}
        <p class="field-problem" role="alert" data-testid="sign-in-problem">
          {problem}
        </p>
        <button class="button primary wide" type="submit" disabled={busy || text.trim() === ""} data-testid="sign-in">
          {busy ? "Signing in…" : "Sign in"}
        </button>
        {nameOffered && (
          <button
            class="button plain wide"
            type="button"
            data-testid={withName ? "use-token" : "use-name"}
            onClick={() => change(!withName)}
          >
            {withName ? "Use a token instead" : "Use a name instead"}
          </button>
        )}
      </form>
    </main>
  );
}

interface FieldProps {
  text: string;
  onText(text: string): void;
}

function NameField({ text, onText }: FieldProps) {
  return (
    <label class="field" key="name">
      <span>Your name</span>
      <input
        data-testid="name-input"
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
        placeholder="ann"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        maxLength={128}
        autofocus
      />
    </label>
  );
}

async function byName(text: string): Promise<Identity | undefined> {
  const id = userIdFrom(text);
  if (id === undefined) throw new Error("A name may have letters a to z, digits and . _ : @ | + = / -");
  const answer = await tokenForName({ id, name: text.trim() });
  if ("unavailable" in answer) return undefined;
  return usable(readToken(answer.token, true));
}

function byToken(text: string): Identity {
  return usable(readToken(text.trim()));
}
