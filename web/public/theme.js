// Sets the chosen theme before the first paint; loaded as a blocking script because the CSP allows no inline one.
// The key is written by src/lib/theme.svelte.ts.
try {
  var theme = localStorage.getItem('swissphoto.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch (blocked) {
  // Storage can be switched off: the system's theme applies.
}
