/* Where a tab wanted to go before its person had to sign in; the provider leads everybody to Home.
 *
 * The whole address is kept and its origin compared, so that no link can lead from here elsewhere.
 */

const KEY = "posecore.wanted";

export default function ({ data: { home, isSignedIn } }) {
  const isHome = location.pathname === home;
  if (!isSignedIn) {
    if (!isHome) sessionStorage.setItem(KEY, location.href);
    return;
  }
  const wanted = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (wanted && isHome && new URL(wanted).origin === location.origin) location.replace(wanted);
}
