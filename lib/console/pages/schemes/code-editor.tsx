import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { defaultHighlightStyle, foldGutter, syntaxHighlighting } from '@codemirror/language';
import { linter } from '@codemirror/lint';
import { Annotation, Compartment, EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';

interface CodeEditorProps {
  readonly text: string;
  readonly label: string;
  readonly isReadOnly: boolean;
  readonly onChange: (text: string) => void;
}

/** Of changes that come from outside, which are nobody's typing. */
const fromOutside = Annotation.define<boolean>();

/** CodeMirror for JSON; in a chunk of its own. Tab leaves it, as from any field. */
export default function CodeEditor({ text, label, isReadOnly, onChange }: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const listener = useRef(onChange);
  const first = useRef({ text, label, isReadOnly });
  const colours = useRef(new Compartment());
  const scheme = useComputedColorScheme('light');
  useEffect(() => {
    listener.current = onChange;
  });
  useEffect(() => {
    if (box.current === null) return undefined;
    const { text: doc, label: name, isReadOnly: isLocked } = first.current;
    const editor = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc,
        extensions: [
          lineNumbers(),
          foldGutter(),
          history(),
          json(),
          linter(jsonParseLinter()),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          EditorState.readOnly.of(isLocked),
          EditorView.contentAttributes.of({ 'aria-label': name }),
          colours.current.of([]),
          EditorView.updateListener.of((update) => {
            const isOurs = update.transactions.some((one) => one.annotation(fromOutside) === true);
            if (update.docChanged && !isOurs) listener.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: colours.current.reconfigure(coloursOf(scheme)) });
  }, [scheme]);
  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === text) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: text },
      annotations: fromOutside.of(true),
    });
  }, [text]);
  return <div ref={box} />;
}

function coloursOf(scheme: 'light' | 'dark') {
  const isDark = scheme === 'dark';
  return [
    EditorView.theme(
      {
        '&': { fontSize: '0.8125rem', backgroundColor: 'transparent', color: 'var(--mantine-color-text)' },
        '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)' },
        '.cm-gutters': {
          backgroundColor: 'transparent',
          color: 'var(--mantine-color-dimmed)',
          border: 'none',
        },
        '.cm-content': { caretColor: 'var(--mantine-color-text)' },
        '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)', outlineOffset: '2px' },
      },
      { dark: isDark },
    ),
    // The colours of the library are made for white.
    ...(isDark ? [] : [syntaxHighlighting(defaultHighlightStyle)]),
  ];
}
