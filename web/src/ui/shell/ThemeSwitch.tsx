// Goes through system, light and dark.
import { IconButton } from "../parts/Button.tsx";
import { nextTheme, theme } from "../theme.ts";

export function ThemeSwitch() {
  return <IconButton icon={theme.value} label={`Colours: ${theme.value}`} onPress={nextTheme} />;
}
