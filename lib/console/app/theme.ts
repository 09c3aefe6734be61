import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Petrol: far from the colours that mean something (teal, amber, red). */
const petrol: MantineColorsTuple = [
  '#e6f6f9',
  '#d3e9ee',
  '#a6d2dc',
  '#75bac9',
  '#4fa6ba',
  '#379ab1',
  '#2794ad',
  '#178098',
  '#0b7285',
  '#005f72',
];

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: 8,
  colors: { petrol },
  autoContrast: true,
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '1.125rem', lineHeight: '1.35' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
    },
  },
  respectReducedMotion: true,
  components: {
    // The library scrolls to the chosen option before the list has its place, and the page with it: what is fixed moves no page.
    Combobox: { defaultProps: { floatingStrategy: 'fixed' } },
  },
});
