export const DAY_SEC = 86_400;
