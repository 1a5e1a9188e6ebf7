import { mount } from 'svelte'
import App from './App.svelte'
import { i18n } from './lib/i18n/index.svelte'
import './styles/tokens.css'
import './styles/base.css'

await i18n.start()
mount(App, { target: document.getElementById('app')! })
