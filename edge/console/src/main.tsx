// Starts the page: takes a token or a room from the address, then shows sign-in or the workspace.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { needsOtherToken, signInSentence } from "./core/refusal.ts";
import { SignIn } from "./identity/sign-in.tsx";
import { forgetToken, type Identity, keepToken, keptToken, readHash, readToken } from "./identity/token.ts";
import { type Services, ServicesContext, startServices } from "./shell/services.ts";
import { Workspace } from "./shell/workspace.tsx";
import "./style/base.css";
import "./style/controls.css";
import "./style/layout.css";
import "./style/chat.css";

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

  const signOut = (reason?: string) => {
    forgetToken();
    services?.connection.close();
    setNotice(reason);
    setServices(undefined);
  };

  useEffect(() => {
    const kept = keptToken();
    if (kept !== undefined) signIn(kept);
    else if (asked.token !== undefined) setNotice("The address brought something that is no token.");
  }, []);

  useEffect(() => {
    if (services === undefined) return;
    return services.connection.state.subscribe(() => {
      const state = services.connection.state.state;
      if (state.kind === "refused" && needsOtherToken(state.code)) signOut(signInSentence(state.code, state.message));
    });
  }, [services]);

  if (services === undefined) return <SignIn key={notice ?? ""} notice={notice} onSignedIn={signIn} />;
  return (
    <ServicesContext.Provider value={services}>
      <Workspace onSignOut={() => signOut()} />
    </ServicesContext.Provider>
  );
}

const place = document.getElementById("app");
if (place === null) throw new Error("the page has no place for the app");
render(<App />, place);
