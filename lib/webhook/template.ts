import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { parseTemplate, type Allowed, type Template } from './macro.ts';

/** A text with macros in a document that zod validates; an unknown macro is a fault at its place. */
export const template = (allowed?: Allowed) =>
  z.string().transform((source, context): Template => {
    try {
      return parseTemplate(source, allowed);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
      return z.NEVER;
    }
  });
