import { Textarea } from '@mantine/core';

interface RawTextProps {
  readonly label: string;
  readonly description?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly required?: boolean;
  /** 3 by default: of a body. */
  readonly minRows?: number;
  readonly maxRows?: number;
  readonly maxLength?: number;
}

/** Text of a question or a reply that somebody changes letter by letter. */
export function RawText({ onChange, minRows = 3, maxRows = 16, maxLength = 65_536, ...rest }: RawTextProps) {
  return (
    <Textarea
      {...rest}
      size="xs"
      w="100%"
      autosize
      minRows={minRows}
      maxRows={maxRows}
      maxLength={maxLength}
      spellCheck={false}
      classNames={{ input: 'mono' }}
      onChange={({ currentTarget }) => {
        onChange(currentTarget.value);
      }}
    />
  );
}
