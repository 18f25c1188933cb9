// A row of tabs. The arrow keys move between them, as in every program.
interface Props<Value extends string> {
  label: string;
  /** Each tab's hook is this with its value. */
  testId: string;
  tabs: { value: Value; label: string }[];
  chosen: Value;
  onChoose(value: Value): void;
}

export function Tabs<Value extends string>({ label, testId, tabs, chosen, onChoose }: Props<Value>) {
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const at = tabs.findIndex(({ value }) => value === chosen);
    const next = tabs.at((at + step) % tabs.length);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next.value);
    const list = event.currentTarget as HTMLElement;
    list.querySelector<HTMLElement>(`[data-value="${next.value}"]`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map((tab) => (
        <button
          key={tab.value}
          class="tab"
          type="button"
          role="tab"
          aria-selected={tab.value === chosen}
          tabIndex={tab.value === chosen ? 0 : -1}
          data-value={tab.value}
          data-testid={`${testId}-${tab.value}`}
          onClick={() => onChoose(tab.value)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
