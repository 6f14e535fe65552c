/** Upper ends of the classes of age; what is older comes last. Units: seconds. */
export const AGE_CLASS_SECONDS = [3_600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400, 365 * 86_400] as const;
/** Upper ends of the classes of apparent size; what is larger comes last. Units: bytes. */
export const SIZE_CLASS_BYTES = [4_096, 65_536, 1_048_576, 16_777_216, 268_435_456] as const;
