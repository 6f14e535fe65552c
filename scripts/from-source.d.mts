/** Read for its effect alone. */
export {};
