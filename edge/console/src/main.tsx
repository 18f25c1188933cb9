// Starts the page: takes a token or a room from the address, then shows sign-in or the workspace.
import { render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { signInSentence } from "./core/refusal.ts";
import { useStore } from "./core/store.ts";
import { SignIn } from "./identity/sign-in.tsx";
import { forgetToken, type Identity, keepToken, keptToken, readHash, readToken } from "./identity/token.ts";
import { type Services, ServicesContext, startServices } from "./shell/services.ts";
import { Workspace } from "./shell/workspace.tsx";
import "./style/base.css";
import "./style/controls.css";
import "./style/dialogs.css";
import "./style/layout.css";
import "./style/chat.css";
import "./style/messages.css";
import "./style/composer.css";
import "./style/moderation.css";

// At once, before anything can copy the address or a screenshot can show it.
const asked = readHash(location.hash);
if (asked.token !== undefined) {
  history.replaceState(null, "", location.pathname + location.search);
  const identity = readToken(asked.token);
  if (identity !== undefined) keepToken(identity);
}

function App() {
  const [services, setServices] = useState<Services>();
  const [notice, setNotice] = useState<string>();

  const signIn = (identity: Identity) => {
    keepToken(identity);
    const started = startServices(identity);
    if (asked.room !== undefined) started.rooms.enter(asked.room);
    delete asked.room;
    setNotice(undefined);
    setServices(started);
  };

  useEffect(() => {
    const kept = keptToken();
    if (kept !== undefined) signIn(kept);
    else if (asked.token !== undefined) setNotice("The address brought something that is no token.");
  }, []);

  if (services === undefined) return <SignIn key={notice ?? ""} notice={notice} onSignedIn={signIn} />;
  return <SignedIn services={services} onSignedIn={signIn} onSignOut={() => setServices(undefined)} />;
}

interface SignedInProps {
  services: Services;
  onSignedIn(identity: Identity): void;
  onSignOut(): void;
}

/** The workspace, for as long as the server takes the token. */
function SignedIn({ services, onSignedIn, onSignOut }: SignedInProps) {
  const state = useStore(services.connection.state, (state) => state);
  const isOver = state.kind === "refused" && state.final;

  const end = () => {
    forgetToken();
    services.connection.close();
  };

  useLayoutEffect(() => {
    if (isOver) end();
  }, [isOver]);

  if (isOver) return <SignIn notice={signInSentence(state.code, state.message)} onSignedIn={onSignedIn} />;
  return (
    <ServicesContext.Provider value={services}>
      <Workspace
        onSignOut={() => {
          end();
          onSignOut();
        }}
      />
    </ServicesContext.Provider>
  );
}

const place = document.getElementById("app");
if (place === null) throw new Error("the page has no place for the app");
render(<App />, place);
